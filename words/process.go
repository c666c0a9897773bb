package words

var processTexts = []entry{}
