import { listen } from '../src/login/loopback.js'

describe('the listener of a login', () => {
  it.each([80.5, 65_536, -1])('says that %d is no port', async (port) => {
    expect(await listen(port)()).toMatchObject({ left: { _tag: 'Misconfigured', field: 'port' } })
  })
})
