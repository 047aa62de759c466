"""The mock against the vendor's rules, over real HTTP.

Each test names the rule it shows. In brackets behind it, where the rule is known from: [sw18] the swagger of PI Web API
2018 SP1, [ref] AVEVA's PI Web API Reference, [guide] its user guide, [af] AF SDK documentation, [real] recorded
traffic, [client] what production clients rely on, [open] not settled, so a switch.
"""
