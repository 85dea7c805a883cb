import * as E from 'fp-ts/lib/Either.js'
import { parseFault } from '../src/fault.js'

describe('[P10] --fault', () => {
  test.each([
    ['latency=200', { kind: 'latency', ms: 200 }],
    ['drip=0,times=always', { kind: 'drip', ms: 0, times: Number.POSITIVE_INFINITY }],
    ['status=503,endpoint=token,times=2', { kind: 'status', status: 503, endpoint: 'token', times: 2 }],
    ['status=429,retry-after=7,processed', { kind: 'status', status: 429, retryAfter: 7, processed: true }],
    ['html', { kind: 'html' }],
    ['html=502,processed', { kind: 'html', status: 502, processed: true }],
    ['reset-after,grant=refresh_token', { kind: 'reset-after', grantType: 'refresh_token' }],
    ['hang-before,grant=jwt-bearer', { kind: 'hang-before', grantType: 'urn:ietf:params:oauth:grant-type:jwt-bearer' }],
    [
      'truncated,grant=urn:ietf:params:oauth:grant-type:device_code',
      { kind: 'truncated', grantType: 'urn:ietf:params:oauth:grant-type:device_code' },
    ],
  ])('%s', (text, fault) => {
    expect(parseFault(text)).toEqual(E.right(fault))
  })

  test.each([
    ['', 'has no kind ""'],
    ['statsu=503', 'has no kind "statsu": it is one of latency, status, html, drip, '],
    ['constructor', 'has no kind "constructor"'],
    ['latency', 'has a wrong "latency", which is latency=MS'],
    ['latency=-1', 'has a wrong "latency"'],
    ['latency=1e3', 'has a wrong "latency"'],
    ['latency=2147483648', 'has a wrong "latency"'],
    ['latency=5,processed', 'has a wrong "latency"'],
    ['status=99', 'has a wrong "status", which is status=CODE[,retry-after=SECONDS][,processed]'],
    ['status=600', 'has a wrong "status"'],
    ['html=', 'has a wrong "html"'],
    ['html,retry-after=1', 'has a wrong "html"'],
    ['reset-after=1', 'has a wrong "reset-after"'],
    ['reset-after,retry-after=1', 'has a wrong "reset-after"'],
    ['status=503,endpoint=tokn', 'has a wrong "endpoint", which is one of authorize, token, '],
    ['status=503,grant=refresh', 'has a wrong "grant", which is one of authorization_code, refresh_token, '],
    ['status=503,times=0', 'has a wrong "times", which is a number from 1, or always'],
    ['status=503,retry-after=soon', 'has a wrong "retry-after", which is a number of seconds'],
    ['status=503,processed=no', 'has a wrong "processed", which is without a value'],
    [
      'status=503,tims=2',
      'has "tims" after a comma, where one of endpoint, grant, times, retry-after, processed may be',
    ],
    ['status=503,', 'has "" after a comma'],
  ])('%j is none', (text, why) => {
    expect(parseFault(text)).toEqual(E.left(expect.stringContaining(why)))
  })
})
