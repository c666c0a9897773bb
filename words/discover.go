package words

var discoverTexts = []entry{}
