/**
 * What runs in the browser. It is sent as text, so that it may use nothing from outside of itself.
 */

export const client = (): void => {
  interface Asker {
    readonly name: string
    readonly count: number
    readonly last_at: string
  }
  interface Minute {
    readonly at: string
    readonly asked: number
    readonly renewed: number
    readonly failed: number
  }
  interface Session {
    readonly profile: string
    readonly state: string
    readonly expires_at?: string | null
    readonly renews_at?: string | null
    readonly scope?: ReadonlyArray<string>
    readonly error_description?: string
    readonly can_log_in: boolean
    readonly asked: Readonly<Record<string, number>>
    readonly renewed: number
    readonly failed: number
    readonly refused: number
    readonly askers: ReadonlyArray<Asker>
    readonly minutes: ReadonlyArray<Minute>
  }

  const SVG = 'http://www.w3.org/2000/svg'
  const MINUTE = 60_000
  const HOUR = 60
  const now = (): number => performance.timeOrigin + performance.now()

  const list = document.querySelector('#sessions')
  const live = document.querySelector('#live')
  const said = document.querySelector('#said')
  if (list === null || live === null || said === null) return

  const element = (name: string, text = '', className = ''): HTMLElement => {
    const made = document.createElement(name)
    made.textContent = text
    if (className !== '') made.className = className
    return made
  }

  const svg = (name: string, attributes: Readonly<Record<string, string | number>>): SVGElement => {
    const made = document.createElementNS(SVG, name)
    for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, String(value))
    return made
  }

  /** A distance in time, as people say it. */
  const distance = (ms: number): string => {
    const seconds = Math.round(Math.abs(ms) / 1_000)
    if (seconds < 90) return `${seconds} s`
    return seconds < 5_400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`
  }

  const until = (at: string | null | undefined): string => {
    if (at === null || at === undefined) return 'not known'
    const left = Date.parse(at) - now()
    return left >= 0 ? `in ${distance(left)}` : `${distance(left)} ago`
  }

  /** The chart of one hour: how often somebody asked, and over it where a renewal was made, or failed. */
  const chart = ({ minutes }: Session): SVGElement => {
    const [width, height, base] = [240, 56, 48]
    const start = Math.floor(now() / MINUTE) - HOUR + 1
    const most = Math.max(1, ...minutes.map(({ asked }) => asked))
    const sum = (of: (minute: Minute) => number): number => minutes.reduce((total, minute) => total + of(minute), 0)
    const label = `In the last hour: ${sum(({ asked }) => asked)} requests, ${most} a minute at most; ${sum(({ renewed }) => renewed)} renewals, ${sum(({ failed }) => failed)} failures`
    const drawn = svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label })
    drawn.append(svg('line', { x1: 0, y1: base, x2: width, y2: base, class: 'axis' }))
    for (const { at, asked, renewed, failed } of minutes) {
      const x = (Math.floor(Date.parse(at) / MINUTE) - start) * (width / HOUR)
      const tall = Math.round((asked / most) * (base - 12))
      if (asked > 0)
        drawn.append(svg('rect', { x, y: base - tall, width: 3, height: Math.max(1, tall), class: 'asked' }))
      if (renewed > 0) drawn.append(svg('circle', { cx: x + 1.5, cy: base + 4, r: 2, class: 'renewed' }))
      if (failed > 0) drawn.append(svg('path', { d: `M${x - 1} ${base + 2}l5 5m0 -5l-5 5`, class: 'failed' }))
    }
    return drawn
  }

  const figure = (session: Session): HTMLElement => {
    const made = element('figure')
    made.append(chart(session), element('figcaption', 'Requests in the last hour, with renewals (●) and failures (×)'))
    return made
  }

  const row = (label: string, value: string, time?: string | null): ReadonlyArray<HTMLElement> => {
    const shown = element('dd', value)
    if (time !== undefined && time !== null) {
      shown.dataset['at'] = time
      shown.title = new Date(time).toLocaleString()
    }
    return [element('dt', label), shown]
  }

  const askers = ({ askers: all, profile }: Session): HTMLElement => {
    if (all.length === 0) return element('p', 'Nobody has asked yet.', 'quiet')
    const table = element('table')
    table.append(element('caption', `Who asked for ${profile}`))
    const head = element('tr')
    for (const title of ['Program', 'Requests', 'Last']) {
      const cell = element('th', title)
      cell.setAttribute('scope', 'col')
      head.append(cell)
    }
    table.append(head)
    for (const { name, count, last_at: last } of all.slice(0, 8)) {
      const line = element('tr')
      const when = element('td', until(last))
      when.dataset['at'] = last
      line.append(element('td', name), element('td', count.toLocaleString('en')), when)
      table.append(line)
    }
    return table
  }

  const say = (text: string): void => {
    said.textContent = text
  }

  const logIn = async (profile: string, button: HTMLButtonElement): Promise<void> => {
    button.disabled = true
    const answer = await fetch('login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ profile }),
    })
    say(
      answer.ok ? `A login for ${profile} has begun: go on in the browser.` : `The login for ${profile} did not begin.`,
    )
    if (!answer.ok) button.disabled = false
  }

  const GOOD = ['valid']
  const BAD = ['log in again', 'revoked', 'unknown']
  const toneOf = (state: string): string => (GOOD.includes(state) ? 'good' : BAD.includes(state) ? 'bad' : 'fair')

  const card = (session: Session): HTMLElement => {
    const { profile, state, scope = [], error_description: error } = session
    const made = element('section')
    const title = element('h2', profile)
    title.id = `profile-${profile}`
    made.setAttribute('aria-labelledby', title.id)
    const head = element('div', '', 'head')
    head.append(title, element('span', state, `state ${toneOf(state)}`))
    made.append(head)
    if (error !== undefined) made.append(element('p', error, 'error'))
    const facts = element('dl')
    if (session.expires_at !== undefined && session.expires_at !== null) {
      if (state === 'valid') facts.append(...row('Renews', until(session.renews_at), session.renews_at))
      else facts.append(...row('Renews', 'when it is asked for'))
      facts.append(...row('Expires', until(session.expires_at), session.expires_at))
    }
    facts.append(...row('Renewals', `${session.renewed} made, ${session.failed} failed`))
    if (session.refused > 0) facts.append(...row('Refusals', String(session.refused)))
    if (scope.length > 0) facts.append(...row('Scope', scope.join(' ')))
    made.append(facts, figure(session), askers(session))
    if (session.can_log_in) {
      const button = document.createElement('button')
      button.type = 'button'
      button.textContent = state === 'empty' ? 'Log in' : 'Log in again'
      button.setAttribute('aria-describedby', title.id)
      button.dataset['profile'] = profile
      button.addEventListener('click', () => void logIn(profile, button))
      made.append(button)
    }
    return made
  }

  /** Draws all anew, and leaves the focus where it was. */
  const draw = (sessions: ReadonlyArray<Session>): void => {
    const focused =
      document.activeElement instanceof HTMLElement ? document.activeElement.dataset['profile'] : undefined
    list.replaceChildren(
      ...(sessions.length === 0
        ? [element('p', 'There is no profile yet: tessera profile add makes one.', 'quiet')]
        : sessions.map(card)),
    )
    if (focused === undefined) return
    for (const button of list.querySelectorAll('button')) if (button.dataset['profile'] === focused) button.focus()
  }

  let isAsking = false
  let isAgain = false
  const load = async (): Promise<void> => {
    isAgain = isAsking
    if (isAsking) return
    isAsking = true
    try {
      const answer = await fetch('sessions')
      if (answer.ok) draw((await answer.json()).sessions)
    } catch {
      // The broker has ended, which the events tell.
    } finally {
      isAsking = false
    }
    if (isAgain) await load()
  }

  /** What is worth a word to somebody who only listens. */
  const WORDS: Readonly<Record<string, string>> = {
    renewed: 'was renewed',
    renewal_failed: 'could not be renewed',
    login_required: 'needs a login',
    logged_in: 'is logged in',
    login_ended: 'has finished its login',
    refused: 'was refused by a server',
    revoked: 'was revoked',
  }

  const events = new EventSource('events')
  events.addEventListener('open', () => {
    live.textContent = 'live'
    void load()
  })
  events.addEventListener('error', () => {
    live.textContent = 'the broker does not answer'
  })
  events.addEventListener('asked', () => void load())
  for (const [what, words] of Object.entries(WORDS)) {
    events.addEventListener(what, (event) => {
      const { profile } = JSON.parse(event.data)
      say(`${profile} ${words}.`)
      void load()
    })
  }
  setInterval(() => {
    for (const shown of list.querySelectorAll('[data-at]')) {
      if (shown instanceof HTMLElement) shown.textContent = until(shown.dataset['at'])
    }
  }, 1_000)
  void load()
}
