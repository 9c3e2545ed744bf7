"""The sandbox phone network: a provider of texts that reaches nobody. For the demo, drills without an
account, tests.

It speaks the part of Twilio's HTTP API that Fenghuo uses, so that the real SDK works against it, refuses
what the real one refuses, and shows the phones on a page where one can reply. It is marked as a sandbox
wherever it is seen.
"""

from __future__ import annotations

from responders.sandbox.faults import Behaviour
from responders.sandbox.messages import Message
from responders.sandbox.network import SandboxNetwork
from responders.sandbox.phone import CannotReply, Phone
from responders.sandbox.serving import serve

__all__ = ["Behaviour", "CannotReply", "Message", "Phone", "SandboxNetwork", "serve"]
