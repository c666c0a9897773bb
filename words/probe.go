package words

var probeTexts = []entry{}
