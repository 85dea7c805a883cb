type Carried = Pick<
  Request,
  'cache' | 'credentials' | 'integrity' | 'keepalive' | 'mode' | 'referrer' | 'referrerPolicy'
>

/** What a `Request` says besides its address, method, headers, body, redirect and signal, as an `init` says it. */
export const carried = (request: Request): Carried => {
  const { cache, credentials, integrity, keepalive, mode, referrer, referrerPolicy } = request
  return { cache, credentials, integrity, keepalive, mode, referrer, referrerPolicy }
}
