package words

var waysTexts = []entry{}
