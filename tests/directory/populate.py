#!/usr/bin/python3
"""populate.py STATE: people, computers, groups and keytabs of the tests' domain,
straight into the database of a controller that does not run."""
import os
import sys

from ldb import Dn, FLAG_MOD_ADD, FLAG_MOD_REPLACE, Message, MessageElement
from samba import enable_net_export_keytab
from samba.auth import system_session
from samba.net import Net
from samba.param import LoadParm
from samba.samdb import SamDB

state = sys.argv[1]
parameters = LoadParm()
parameters.load(state + "/smb.conf")
db = SamDB(url=state + "/private/sam.ldb", session_info=system_session(),
           lp=parameters)
base = str(db.domain_dn())


def put(dn, flag=FLAG_MOD_REPLACE, **values):
    message = Message()
    message.dn = Dn(db, dn)
    for name, value in values.items():
        name = name.replace("_", "-")
        message[name] = MessageElement(value, flag, name)
    db.modify(message)


put(base, pwdProperties="0", minPwdAge="0", maxPwdAge="-9223372036854775808",
    pwdHistoryLength="0")
for number, (user, password) in enumerate((
        ("alice", "Al1ce.Pass"), ("bob", "B0b.Pass"), ("carol", "Car0l.Pass"),
        ("dora", "D0ra.Pass")), 20001):
    db.newuser(user, password, uidnumber=number, gidnumber=20000,
               profilepath="\\\\dc1.lab.example\\profiles\\%username%")
put("CN=alice,CN=Users," + base, homeDirectory="\\\\dc1\\homes\\alice",
    homeDrive="H:")
# The service that would add these is left out; without them no login works.
put("CN=DC1,OU=Domain Controllers," + base, FLAG_MOD_ADD,
    servicePrincipalName=["ldap/dc1.lab.example", "ldap/DC1",
                          "ldap/dc1.lab.example/lab.example"])
for name in ("WS1", "WS2", "WS3"):
    db.newcomputer(name)
    # Before the password: else there are keys of an old kind only.
    put("CN=%s,CN=Computers,%s" % (name, base),
        msDS_SupportedEncryptionTypes="28",
        dNSHostName=name.lower() + ".lab.example")
    db.setpassword("(sAMAccountName=%s$)" % name, "Mach1ne." + name)
db.create_ou("OU=Moved," + base)
for group, members in (("Inner", ["bob"]), ("Outer", ["Inner"])):
    db.newgroup(group)
    db.add_remove_group_members(group, members, add_members_operation=True)

enable_net_export_keytab()
net = Net(None, parameters)
os.mkdir(state + "/keytabs")
for name in ("WS1", "WS2", "WS3"):
    net.export_keytab(keytab="%s/keytabs/%s" % (state, name.lower()),
                      principal=name + "$")
