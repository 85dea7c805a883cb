/**
 * What a user of each of the seed's nine systems relies on, and what was wrong with it. Each row is shown by tests that carry its
 * id; `npm run proof parity` looks them up.
 */

/** One row. `keeps` is what the seed does and Tessera does too, `better` what Tessera does and the seed does not. */
export interface Row {
  readonly id: string
  readonly system: string
  readonly keeps?: string
  readonly better?: ReadonlyArray<string>
}

/** All rows, in the order of the systems. */
export const contract = [
  {
    id: 'S-OAUTH2-01',
    system: 'OAuth2',
    keeps:
      'the authorization URL has `state`, `response_type=code`, `client_id` and, where one is given, `redirect_uri`, in this order, as percent-encoded UTF-8; the state comes with it',
  },
  {
    id: 'S-OAUTH2-02',
    system: 'OAuth2',
    keeps:
      'the state is `box_csrf_token_` and letters and digits of a cryptographic source: 22, where the seed has 16, to have the 128 bits of RFC 6749 §10.10',
  },
  {
    id: 'S-OAUTH2-03',
    system: 'OAuth2',
    keeps:
      'a code is exchanged by `grant_type=authorization_code`, `code`, `client_id`, `client_secret`; both tokens are stored and returned',
  },
  {
    id: 'S-OAUTH2-04',
    system: 'OAuth2',
    keeps:
      '`box_device_id` (`0` unless given) and `box_device_name` (empty unless given) go with codes, refreshes and assertions, each only where it is not empty',
  },
  {
    id: 'S-OAUTH2-05',
    system: 'OAuth2',
    keeps:
      'whoever refuses a token gets the current one if that is another, without a request; otherwise there is one request for any number of callers',
  },
  {
    id: 'S-OAUTH2-06',
    system: 'OAuth2',
    keeps:
      'after a code or a refresh both tokens are held, or it is an error; a strategy without refresh tokens needs the access token only',
  },
  {
    id: 'S-OAUTH2-07',
    system: 'OAuth2',
    keeps:
      'an answer that is not 2xx, is not JSON or lacks a token is a typed error with status, URL, method, code and message; the store keeps what it has',
  },
  {
    id: 'S-OAUTH2-08',
    system: 'OAuth2',
    keeps: "the application's store callback is called after every issue, and with nothing after a revoke",
  },
  {
    id: 'S-OAUTH2-09',
    system: 'OAuth2',
    keeps:
      'a revoke takes the lock, reads the tokens again, revokes the access token (the refresh token once that has expired), asks nobody when there is none, and empties the store',
  },
  {
    id: 'S-OAUTH2-10',
    system: 'OAuth2',
    keeps:
      'a close is final, also where its revoke fails, which is reported; closing twice is allowed; every request afterwards is `Closed`; it revokes where the store is of this process, and not where it is shared, unless told',
  },
  {
    id: 'S-OAUTH2-11',
    system: 'OAuth2',
    keeps:
      "a closed source is not used; the use's error wins over the close's; an interrupted use is closed without a revoke",
  },
  {
    id: 'S-OAUTH2-12',
    system: 'OAuth2',
    keeps: 'an API call acquires the token that is missing; a 401 is answered by one renewal and one call more',
  },
  {
    id: 'S-OAUTH2-13',
    system: 'OAuth2',
    keeps: 'the endpoints and the HTTP connections are configurable',
  },
  {
    id: 'S-OAUTH2-14',
    system: 'OAuth2',
    keeps:
      'a downscope sends the scopes with spaces between, the full URL of the item as `resource`, and further parameters',
  },
  {
    id: 'S-OAUTH2-15',
    system: 'OAuth2',
    keeps:
      'any grant with parameters of its own goes the same way; tokens at hand can be given at the start; the current token is read without I/O; `closed` can be asked',
  },
  {
    id: 'B-OAUTH2-01',
    system: 'OAuth2',
    better: ['the empty 200 that Box documents for a revoke is a success, and nothing is held afterwards'],
  },
  {
    id: 'B-OAUTH2-02',
    system: 'OAuth2',
    better: ['an error says what the server said, as `error` and `error_description` or as `code` and `message`'],
  },
  {
    id: 'B-OAUTH2-03',
    system: 'OAuth2',
    better: ['a failing server is asked a few times, in growing, jittered pauses, within a deadline'],
  },
  {
    id: 'B-OAUTH2-04',
    system: 'OAuth2',
    better: ['`Retry-After` is understood in seconds and as an HTTP date'],
  },
  {
    id: 'B-OAUTH2-05',
    system: 'OAuth2',
    better: [
      'a call ends at its deadline, whatever the server does',
      'a call ends when its caller aborts it',
      'a token is renewed before its end, so that no API sees an expired one',
    ],
  },
  {
    id: 'B-OAUTH2-06',
    system: 'OAuth2',
    better: [
      "a callback with another login's state is refused before its code is used",
      'a callback of another issuer is refused before its code is used',
      'a stolen code is worth nothing without the verifier',
    ],
  },
  {
    id: 'B-OAUTH2-07',
    system: 'OAuth2',
    better: ['a refresh answered without a refresh token keeps the old one'],
  },
  {
    id: 'B-OAUTH2-08',
    system: 'OAuth2',
    better: ['a store callback that fails after a rotation loses nothing, and nothing is redeemed twice'],
  },
  {
    id: 'B-OAUTH2-09',
    system: 'OAuth2',
    better: ['a downscope that met a 401 is sent again with the new token as its subject'],
  },
  {
    id: 'S-COOP-01',
    system: 'CooperativelyManagedOAuth2',
    keeps: 'the pair is read from the callback before every renewal; another token there means no request',
    better: [
      'the pair at hand is read at the first use, whatever that is',
      'a store says how far it is atomic: one process, or all that share the lock that was given',
    ],
  },
  {
    id: 'S-REMOTE-01',
    system: 'RemoteOAuth2',
    keeps: 'the callback gets the token that went stale and answers a new one, with its end where it has one',
    better: [
      'the store is written',
      'a callback that fails is a typed error',
      'a callback that hangs is a typed error at the deadline',
      'a revoke sends no request with credentials that nobody has',
    ],
  },
  {
    id: 'S-DEV-01',
    system: 'DeveloperTokenAuth',
    keeps:
      'a person is asked, by a callback or on the terminal by `Enter developer token: `, and again at every renewal; there is no refresh token, and a revoke asks nobody',
    better: ['nobody is asked before a token is needed', 'what is typed is not echoed', 'the store is written'],
  },
  {
    id: 'S-JWT-01',
    system: 'JWTAuth',
    keeps:
      'the key is exactly one of a file and of data: text, bytes, a stream or a loaded key; the passphrase is text or bytes; anything else is an error that names the field',
  },
  {
    id: 'S-JWT-02',
    system: 'JWTAuth',
    keeps:
      'claims `iss`, `sub`, `box_sub_type`, `aud`, `jti` (16 to 128 letters and digits) and `exp` in 30 s, no `iat`; header `kid`; RS256, RS384 or RS512',
  },
  {
    id: 'S-JWT-03',
    system: 'JWTAuth',
    keeps:
      'posts the JWT bearer grant type, client, secret, assertion and device; no refresh token is expected; a renewal signs anew',
  },
  {
    id: 'S-JWT-04',
    system: 'JWTAuth',
    keeps:
      'the user wins over the enterprise; a user who authenticated is remembered by all who share the session, until the instance does; another enterprise than the configured one is refused; nobody at all is an error',
  },
  {
    id: 'S-JWT-05',
    system: 'JWTAuth',
    keeps:
      "400, `invalid_grant`, a description about `exp` and a readable `Date`: one more try, with the server's time and a new `jti`",
  },
  {
    id: 'S-JWT-06',
    system: 'JWTAuth',
    keeps: "the settings file of Box's developer console is all that is needed; an error names the path",
  },
  {
    id: 'B-JWT-01',
    system: 'JWTAuth',
    better: ['a description that only contains the letters of `exp`, as "unexpected" does, is not about the clock'],
  },
  {
    id: 'B-JWT-02',
    system: 'JWTAuth',
    better: ['`aud` follows the configured endpoint'],
  },
  {
    id: 'B-JWT-03',
    system: 'JWTAuth',
    better: ['every request, repeated ones too, has a fresh assertion with a fresh `jti`'],
  },
  {
    id: 'B-JWT-04',
    system: 'JWTAuth',
    better: ['any number of callers who authenticate the same user at once cause one request'],
  },
  {
    id: 'B-JWT-05',
    system: 'JWTAuth',
    better: ['neither an assertion nor a cookie is written anywhere'],
  },
  {
    id: 'B-JWT-06',
    system: 'JWTAuth',
    better: [
      'an encrypted key is opened once, when it is first needed',
      'signatures leave the event loop free',
      'a key that never leaves its service can sign',
    ],
  },
  {
    id: 'S-REDIS-01',
    system: 'RedisManagedOAuth2',
    keeps:
      "sources with one id share the tokens and the lease; a new id is made where none is given; another process's renewal is seen; Redis is standalone or behind Sentinels",
    better: [
      'ids that were made are never the same',
      'the lock of a crashed holder ends',
      'tokens are read by name',
      'tokens at hand are written at the start where Redis has none',
      'a late write never covers what its writer has not seen',
      'after a revoke there is nothing that looks like a token',
      'Redis may be a Cluster',
    ],
  },
  {
    id: 'S-REDISJWT-01',
    system: 'RedisManagedJWTAuth',
    keeps: 'assertions and Redis go together',
    better: ['a renewal answers what it does everywhere else'],
  },
  {
    id: 'S-SCOPE-01',
    system: 'TokenScope',
    keeps:
      '`item_read`, `item_readwrite`, `item_preview`, `item_upload`, `item_share`, `item_delete` and `item_download` are values',
    better: [
      "the scopes of Box's present documentation are values too, and any other passes by an escape hatch of its own type",
    ],
  },
  {
    id: 'S-RESPONSE-01',
    system: 'TokenResponse',
    keeps:
      'an answer has `access_token`, `expires_in`, `token_type`, `restricted_to`, and perhaps `refresh_token` and `issued_token_type`',
    better: [
      'an answer of wrong types is refused by the path of what is wrong, and shows no secret',
      'unknown members are kept apart',
    ],
  },
] as const satisfies ReadonlyArray<Row>

type Rows = (typeof contract)[number]

/** An id of the contract. */
export type Id = Rows['id']

/** What is better about a row. */
export type Law<Of extends Id> = Extract<
  Rows,
  { readonly id: Of; readonly better: ReadonlyArray<string> }
>['better'][number]

/** The name of the test that shows what is better; `better` of the tests gives it. */
export const nameOf = (id: string, law: string): string => `${id} better: ${law}`
