package words

var tlsTexts = []entry{}
