package words

var causeTexts = []entry{}
