"""SSM Run Command and its agent: the one model that every test uses which runs commands.

``service`` answers the API. Behind it are the hosts: ``on_network`` has an agent on every host of the lab, which runs
scripts there; ``scripted`` lets a test say what the hosts come to.
"""
