package words

var configTexts = []entry{}
