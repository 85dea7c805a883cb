import { openSessions } from '../src/sessionStore.js'

describe('sessions', () => {
  it('are refused where files have no modes', async () => {
    const own = Object.getOwnPropertyDescriptor(process, 'geteuid')
    try {
      Object.defineProperty(process, 'geteuid', { configurable: true, value: undefined })
      const opened = await openSessions({ XDG_STATE_HOME: '/nowhere' })()
      expect(opened).toMatchObject({
        left: { exit: 7, what: expect.stringContaining('no modes of files'), next: expect.stringContaining('WSL') },
      })
    } finally {
      if (own !== undefined) Object.defineProperty(process, 'geteuid', own)
    }
  })
})
