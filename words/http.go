package words

var httpTexts = []entry{}
