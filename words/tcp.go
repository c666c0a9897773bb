package words

var tcpTexts = []entry{}
