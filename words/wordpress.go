package words

var wordpressTexts = []entry{}
