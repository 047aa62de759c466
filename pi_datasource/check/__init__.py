"""Looks at a connection to PI Web API, step by step, and says of each step what to do when it fails.

course.py       the looks in their order, and which must succeed before which
network.py      name, connection        tls.py, certificate.py   TLS
address.py      what answers at the URL  login.py, challenges.py  the login
server.py       version, clock, limits, batch requests, midnight
places.py       data servers, points, AF servers: what this login may see
tags.py         the tags asked for, and their newest values
site.py         what is looked at, and what is known of it so far
finding.py      what one look found      report.py                text and JSON

The command around it is `pi_datasource.tools.check`.
"""
