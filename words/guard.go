package words

var guardTexts = []entry{}
