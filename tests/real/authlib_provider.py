"""A token provider of Authlib's parts: client credentials, and signed access tokens (RFC 9068)."""

from __future__ import annotations

import os

# Plain http is for loopback.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from flask import Flask, jsonify
from joserfc.jwk import KeySet, RSAKey

PORT, LIFE = int(os.environ["PORT"]), int(os.environ["LIFE"])
ISSUER = f"http://localhost:{PORT}"
KEY = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
issued: list[str] = []


class Client(ClientMixin):
    def get_client_id(self):
        return "spark"

    def get_default_redirect_uri(self):
        return None

    def get_allowed_scope(self, scope):
        return "system" if "system" in (scope or "").split() else ""

    def check_client_secret(self, secret):
        return secret == "s3cret+with/odd=chars&"

    def check_endpoint_auth_method(self, method, endpoint):
        return method in ("client_secret_basic", "client_secret_post")

    def check_grant_type(self, grant_type):
        return grant_type == "client_credentials"


class Tokens(JWTBearerTokenGenerator):
    def get_jwks(self):
        return KeySet([KEY])

    def get_audiences(self, client, user, scope):
        return [os.environ["AUDIENCE"]]


class Grant(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")


app = Flask(__name__)
server = AuthorizationServer(
    app,
    query_client=lambda name: Client() if name == "spark" else None,
    save_token=lambda token, request: issued.append(token["access_token"]),
)
server.register_grant(Grant)
server.register_token_generator("default", Tokens(issuer=ISSUER, expires_generator=lambda client, grant: LIFE))


@app.post("/token")
def token():
    return server.create_token_response()


@app.get("/.well-known/openid-configuration")
def metadata():
    return jsonify(issuer=ISSUER, token_endpoint=f"{ISSUER}/token", jwks_uri=f"{ISSUER}/jwks")


@app.get("/jwks")
def jwks():
    return jsonify(KeySet([KEY]).as_dict(private=False))


@app.get("/issued")
def count():
    return jsonify(issued=len(issued))


if __name__ == "__main__":
    app.run("127.0.0.1", PORT, threaded=True)
