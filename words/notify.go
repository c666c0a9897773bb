package words

var notifyTexts = []entry{}
