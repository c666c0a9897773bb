package words

var siteTexts = []entry{}
