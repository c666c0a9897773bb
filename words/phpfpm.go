package words

var phpfpmTexts = []entry{}
