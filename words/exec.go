package words

var execTexts = []entry{}
