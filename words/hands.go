package words

var handsTexts = []entry{}
