package words

var controlTexts = []entry{}
