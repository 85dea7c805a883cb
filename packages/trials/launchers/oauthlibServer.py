"""
An authorization server that nobody here wrote: OAuthLib, on 127.0.0.1, with the code grant (PKCE), refresh tokens that rotate, client
credentials and revocation. Whoever opens a page has agreed. Configured by JSON in the first argument.
"""
import hmac
import json
import os
import sys
from base64 import b64decode
from types import SimpleNamespace
from urllib.parse import unquote_plus

os.environ['OAUTHLIB_INSECURE_TRANSPORT'] = '1'

from oauthlib.oauth2 import FatalClientError, RequestValidator, Server

from loopback import serve

CONFIG = json.loads(sys.argv[1])

tokens, codes = [], {}


def find(name, value):
    return next((token for token in tokens if value is not None and getattr(token, name) == value), None)


def credentials(request):
    """The library leaves this to its users. Basic is decoded as RFC 6749 section 2.3.1 says."""
    scheme, _, encoded = request.headers.get('Authorization', '').partition(' ')
    if scheme.lower() != 'basic':
        return request.client_id or '', request.client_secret or ''
    return [unquote_plus(part) for part in b64decode(encoded).decode().split(':', 1)]


# What its users have to say of their data, in the library's words.
class Validator(RequestValidator):
    validate_client_id = lambda self, client_id, request: client_id == CONFIG['id']
    validate_redirect_uri = lambda self, client_id, uri, request: uri == CONFIG['redirectUri']
    validate_response_type = lambda self, client_id, response_type, client, request: response_type == 'code'
    validate_grant_type = lambda self, client_id, grant_type, client, request: True
    validate_scopes = lambda self, client_id, scopes, client, request: set(scopes) <= set(CONFIG['scopes'])
    validate_bearer_token = lambda self, token, scopes, request: find('access_token', token) is not None
    get_default_scopes = lambda self, client_id, request: []
    get_original_scopes = lambda self, refresh_token, request: find('refresh_token', refresh_token).scopes
    get_code_challenge = lambda self, code, request: codes[code].challenge
    get_code_challenge_method = lambda self, code, request: codes[code].method
    confirm_redirect_uri = lambda self, client_id, code, uri, client, request: uri == codes[code].redirect_uri
    invalidate_authorization_code = lambda self, client_id, code, request: codes.pop(code)
    is_pkce_required = lambda self, client_id, request: True

    def authenticate_client(self, request):
        request.client = SimpleNamespace(client_id=CONFIG['id'])
        expected = (CONFIG['id'], CONFIG['secret'])
        return all(hmac.compare_digest(a.encode(), b.encode()) for a, b in zip(credentials(request), expected))

    def save_authorization_code(self, client_id, code, request):
        codes[code['code']] = SimpleNamespace(
            redirect_uri=request.redirect_uri,
            scopes=request.scopes,
            user=request.user,
            challenge=request.code_challenge,
            method=request.code_challenge_method,
        )

    def validate_code(self, client_id, code, client, request):
        if code not in codes:
            return False
        request.user, request.scopes = codes[code].user, codes[code].scopes
        return True

    def save_bearer_token(self, token, request):
        replaced = find('refresh_token', request.refresh_token)
        if replaced:
            tokens.remove(replaced)
        values = {name: token.get(name) for name in ('access_token', 'refresh_token')}
        tokens.append(SimpleNamespace(**values, scopes=request.scopes, user=request.user))

    def validate_refresh_token(self, refresh_token, client, request):
        token = find('refresh_token', refresh_token)
        request.user = token and token.user
        return token is not None

    def revoke_token(self, value, hint, request):
        token = find('refresh_token', value) or find('access_token', value)
        if token:
            tokens.remove(token)


server = Server(Validator(), token_expires_in=600)


def answer(path, method, url, headers, body):
    request = (url, method, body or None, dict(headers))
    if path == '/authorize':
        try:
            given, content, status = server.create_authorization_response(*request, credentials={'user': 'ann'})
        except FatalClientError as error:
            return 400, error.json, {}
        return status, content or '', given
    if path == '/token':
        given, content, status = server.create_token_response(*request)
        return status, content, given
    if path == '/revoke':
        given, content, status = server.create_revocation_response(*request)
        return status, content, given
    return (200 if server.verify_request(*request)[0] else 401), {}, {}


serve(answer)
