package words

var diskTexts = []entry{}
