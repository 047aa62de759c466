"""The home page of the API and the System controller."""

from __future__ import annotations

from mock_pi.call import Answer, Call
from mock_pi.routes.table import route
from mock_pi.ticks import text_of

#: Release to product title and assembly version.
_RELEASES = {
    "2017": ("PI Web API 2017 R2", "1.10.0.266"),
    "2018": ("PI Web API 2018 SP1", "1.11.1.5383"),
    "2021": ("PI Web API 2021 SP3", "1.17.0.0"),
    "2023": ("PI Web API 2023 SP1", "1.19.1.28"),
}


def home(call: Call) -> Answer:
    """Links to where everything begins."""
    base = call.base
    links = {
        "Self": f"{base}/",
        "AssetServers": f"{base}/assetservers",
        "DataServers": f"{base}/dataservers",
        "System": f"{base}/system",
    }
    return call.json({"Links": links})


def _release(call: Call) -> tuple[str, str]:
    return _RELEASES.get(call.site.switches.version[:4], _RELEASES["2023"])


def system(call: Call) -> Answer:
    """What runs here."""
    title, version = _release(call)
    base = f"{call.base}/system"
    names = {"CacheInstances": "cacheinstances", "Configuration": "configuration", "UserInfo": "userinfo",
             "Versions": "versions", "Status": "status"}  # fmt: skip
    links = {"Self": base, **{name: f"{base}/{part}" for name, part in names.items()}}
    return call.json({"ProductTitle": title, "ProductVersion": version, "Links": links})


def versions(call: Call) -> Answer:
    """Versions by assembly."""
    full = _release(call)[1]
    revision, _, build = full.rpartition(".")
    return call.json({"PI Web API": {"FullVersion": full, "MajorMinorRevision": revision, "Build": build}})


def status(call: Call) -> Answer:
    """A sign of life."""
    content = {"UpTimeInMinutes": 12345.6, "State": "Running", "CacheInstances": 1}
    if call.site.annotated:
        content["ServerTime"] = text_of(call.now)
    return call.json(content)


def userinfo(call: Call) -> Answer:
    """Who is asking; 204 when nobody in particular is."""
    if not call.site.switches.auth:
        return Answer(204)
    scheme = call.headers.get("authorization", "").partition(" ")[0].lower()
    return call.json({
        "IdentityType": "WindowsIdentity" if scheme == "basic" else "ClaimsIdentity",
        "Name": call.user, "IsAuthenticated": True, "SID": "S-1-5-21-1-2-3-1001", "ImpersonationLevel": "Delegation",
    })  # fmt: skip


ROUTES = [
    route("", home),
    route("system", system),
    route("system/versions", versions),
    route("system/status", status),
    route("system/userinfo", userinfo),
]
