package words

var claimTexts = []entry{}
