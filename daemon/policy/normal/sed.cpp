namespace owhale::policy::normal {}
