"""
Words that say what a value is: a secret, somebody's data, something that somebody has written, a link for one person.
"""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


#: Words of names whose values are secrets. A list of parameters that are allowed goes before this one.
SECRET = _set(
    "access apikey assertion auth authorization bearer challenge code cookie credential credentials csrf hash hmac"
    " invite invitation jwt key nonce otp pass passphrase passwd password pin pwd refresh saml secret session sessionid"
    " sid sig sign signature state ticket token totp verifier xsrf"
)
#: … or somebody's data …
PERSONAL = _set(
    "account address age assignee author bbox bic birth birthdate birthday card cell city contact coord coords creator"
    " customer cvc cvv device dob email employee fax firstname forename fullname gender geo guid iban imei ip lastname"
    " lat latitude license lng location login lon longitude mac mail member mobile msisdn name near nick nickname owner"
    " passport patient person phone plz postal postcode recipient reporter sender sex ssn street surname tax tel"
    " telephone uid user username uuid vat zip zipcode"
)
#: … or whatever somebody has written, or an address of another page.
WRITTEN = _set(
    "body callback comment continue description destination goto keyword keywords message next note q query"
    " redirect referer referrer return s search subject target term terms text title uri url"
)
#: Those that are found inside of others too, as in accesstoken: long enough not to be there by chance.
LONG = tuple(sorted(each for each in SECRET | PERSONAL if len(each) >= 5))
#: Below these a name is somebody's: the segment after one of them has to be a number or one of PLACES.
PEOPLE = _set(
    "account accounts author authors candidate candidates contact contacts customer customers doctor doctors employee"
    " employees follower followers friend friends member members patient patients people person persons profile"
    " profiles staff student students teacher teachers team teams user users u"
)
PLACES = _set("all count current export list me mine new page search self settings stats summary")
#: Words of paths that end a session, or do something once for who has the link.
NEVER = _set(
    "activate activation auth authorize callback confirm confirmation forgot impersonate invitation invite join"
    " login logout magic oauth oauth2 oidc passwd password recover register reset saml sso signin signout signup token"
    " tokens unlock unsubscribe validate verification verify"
)
#: Words of programs that are not made like words.
KNOWN = _set("graphql mysql nosql sqlite postgresql xlsx docx kwargs")
#: Consonants that follow each other in words of English and its neighbors, each group after its first: a third of
#: all pairs. A random text of sixteen letters has nine of them.
PAIRS = frozenset(
    group[0] + second
    for group in _set(
        "bbdjlrst cchklqrst ddglmnrstvw fflrst gghlmnrst hlmnrst klnrst lbcdfgklmnprstvwz mblmnpst"
        " nbcdfghjklmnpqrstvwz pdfhlprst rbcdfghklmnprstvwz sbcdfghklmnpqrstw tbcfhlmnprstwz wdhklnrs xchpt zz"
    )
    for second in group[1:]
)
