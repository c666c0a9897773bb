package words

var journalTexts = []entry{}
