import { get } from 'node:http'
import { Server } from 'node:net'
import * as E from 'fp-ts/lib/Either.js'
import { loopback } from '../src/loopback.js'

describe('the listener of a login', () => {
  it.each([80.5, 65_536, -1])('says that %d is no port', async (port) => {
    expect(await loopback(port)()).toMatchObject({ left: { _tag: 'Misconfigured', field: 'port' } })
  })

  it('on port 80 takes the Host that a browser sends, which leaves that port out', async () => {
    // Not every machine lets anybody listen there: it believes that it does.
    const address = Server.prototype.address
    let port = 0
    const spy = jest.spyOn(Server.prototype, 'address').mockImplementation(function (this: Server) {
      const there = address.call(this)
      if (there === null || typeof there === 'string') return there
      port = there.port
      return { ...there, port: 80 }
    })
    const listening = await loopback(0)()
    spy.mockRestore()
    if (E.isLeft(listening)) throw new Error('it does not listen')
    const { redirectUri, close } = listening.right
    const answered = (host: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        get({ host: '127.0.0.1', port, path: '/elsewhere', headers: { host } }, (answer) => {
          answer.resume()
          resolve(answer.statusCode)
        }).on('error', reject)
      })
    try {
      expect(redirectUri).toBe('http://127.0.0.1:80/callback')
      expect(await answered('127.0.0.1')).toBe(404)
      for (const foreign of ['evil.example', 'localhost', '127.0.0.1:8080']) expect(await answered(foreign)).toBe(400)
    } finally {
      await close()
    }
  })
})
