package words

var mysqlTexts = []entry{}
