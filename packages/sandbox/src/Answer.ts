/**
 * An HTTP answer as plain data, and the few shapes in which this server answers.
 */

/** What goes back to the client; `Date`, `Content-Length` and `Box-Request-Id` are added when it is sent. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/** An OAuth error (RFC 6749 §5.2) before it is known how it will be shown: as JSON, in a redirect or on a page. */
export interface Refusal {
  readonly status: number
  readonly error: string
  readonly description: string
  readonly headers?: Readonly<Record<string, string>>
}

export const refusal = (error: string, description: string, status = 400): Refusal => ({ status, error, description })

export const json = (status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store', pragma: 'no-cache', ...headers },
  body: JSON.stringify(value),
})

export const empty = (status: number, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { 'cache-control': 'no-store', ...headers },
  body: '',
})

/** `{ error, error_description }`, RFC 6749 §5.2. */
export const refused = (reason: Refusal): Answer =>
  json(reason.status, { error: reason.error, error_description: reason.description }, reason.headers)

export const redirect = (status: 302 | 303, location: string): Answer =>
  empty(status, { location, 'referrer-policy': 'no-referrer' })

// The page loads nothing and may not be framed. `form-action` is left open on purpose: browsers apply it to the
// redirect that follows the form too, and that goes to the application's own address.
const contentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"

export const html = (status: number, document: string): Answer => ({
  status,
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': contentSecurityPolicy,
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  },
  body: document,
})

interface ErrorDetails {
  readonly headers?: Readonly<Record<string, string>>
  readonly context?: unknown
}

/** The general error of Box's API: `{ type, status, code, message, request_id, help_url, context_info }`. */
export const apiError = (
  status: number,
  code: string,
  message: string,
  requestId: string,
  { headers = {}, context = null }: ErrorDetails = {},
): Answer =>
  json(
    status,
    {
      type: 'error',
      status,
      code,
      message,
      request_id: requestId,
      help_url: 'https://developer.box.com/guides/api-calls/permissions-and-errors/common-errors/',
      context_info: context,
    },
    headers,
  )
