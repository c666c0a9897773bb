package words

var sshTexts = []entry{}
