package words

var memoryTexts = []entry{}
