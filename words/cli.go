package words

var cliTexts = []entry{}
