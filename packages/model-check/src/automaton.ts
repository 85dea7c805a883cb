/**
 * The processes as automata: what the runtime does around `Lifecycle.step`, and all that may happen meanwhile.
 */
import { Lifecycle } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import { makeEvents } from './events.js'
import { forgetting, missed, rolledBack } from './losses.js'
import {
  ASKS,
  type Config,
  DELIVERS,
  FREE,
  GOES_ON,
  type Happening,
  type Model,
  ONCE,
  PASSES,
  SETTLES,
  type Slip,
} from './model.js'
import { makeSettle } from './moot.js'
import { familyOf, isOfToken, later, owedOf, ownerOf, pairOf, withProcess, withStage } from './parts.js'
import {
  judgeDropped,
  judgeRead,
  judgeRedemption,
  judgeRevocation,
  judgeRevoked,
  judgeServed,
  judgeVerdict,
  judgeWrite,
  twoAtOnce,
  type Violation,
} from './properties.js'
import {
  type Cell,
  type Decision,
  DUE,
  EXPIRED,
  type Exchange,
  endOf,
  FRESH,
  HOLD,
  IDLE,
  idle,
  LOSSES,
  MARGIN,
  type Phase,
  type Process,
  phaseOf,
  REPEATABLE,
  type Stage,
  type State,
  type Step,
  type Told,
} from './State.js'
import * as Server from './server.js'

export const makeModel = (step: Step, config: Config): Model => {
  const { mode } = config
  const selfSufficient = mode === 'no refresh token'
  const may = (happening: Happening): boolean => config.happenings.includes(happening)
  const slips = (slip: Slip): boolean => config.slips.includes(slip)
  const can = {
    crash: may('crash'),
    loseRequest: may('lost request'),
    loseAnswer: may('lost answer'),
    notSend: may('not sent'),
    throttle: may('429'),
    failWrite: may('failed write'),
    loseStoreAnswer: may('lost store answer'),
    refuse: may('refuse'),
    revoke: may('revoke'),
    login: may('login'),
    close: may('close'),
    expire: may('expiry'),
  }
  const does = {
    sendUnacknowledged: slips('sends without an acknowledged lease'),
    sendOld: slips('sends on an old lease'),
    serveFirst: slips('serves before it persists'),
    forgetPending: slips('forgets what the store did not take'),
    resend: slips('takes an unknown outcome for not sent'),
    overwrite: slips('a store without compare-and-set'),
    revokeFirst: slips('revokes at the server first'),
    confirmLost: slips('takes a revocation for confirmed'),
    stall: slips('stalls longer than the hold'),
    dropLateRefusal: slips('drops a late invalid_grant'),
  }

  const events = makeEvents(config)
  const { tokenOf, toEvent } = events
  const settle = makeSettle(step, mode, events)

  const transitions: Model['transitions'] = (state, visit) => {
    /** What the transition under way has broken: the first is told. */
    let broken: Violation | undefined
    const hasLost = config.lossy && !state.canRollBack
    const judge = (violation: Violation | undefined): void => {
      broken = broken ?? violation
    }
    const emit = (process: number, event: string, kind: number, next: State, decision?: Decision): void => {
      visit({ process, event, kind, next: settle(forgetting(next)), decision, violation: broken })
      broken = undefined
    }

    /** What it has read, or written, it knows. */
    const knowing = (at: State, i: number): State => {
      const process = at.processes[i]
      return config.lossy && process !== undefined ? withProcess(at, i, { ...process, known: at.version }) : at
    }

    const restore = (i: number, cell: Cell): void => {
      const written: State = {
        ...state,
        cell,
        version: state.version + 1,
        processes: state.processes.map((process, j) => (j === i ? process : overtake(process, cell))),
      }
      emit(i, 'restores what was lost', GOES_ON, knowing(written, i))
    }

    /** The stage that a final decision leads to. */
    const stageAfter = ({ processes }: State, i: number, told: Told, { action }: Decision): Stage => {
      if (action._tag === 'Redeem' && told._tag === 'Requested') {
        const { parent, recovery, previous } = action
        const stage = processes[i]?.stage
        return {
          _tag: 'Leased',
          parent,
          nonce: told.nonce,
          recovery,
          age: stage?._tag === 'Writing' || stage?._tag === 'Applied' ? Math.min(stage.age, MARGIN) : 0,
          pair: O.isSome(previous) && !selfSufficient ? previous.value.pair : -1,
        }
      }
      if (action._tag === 'DiscardAndRevoke') return { _tag: 'Revoking', pair: action.token.pair }
      // Each of several is a revocation of its own.
      const [first] = action._tag === 'RevokeAtServer' ? action.tokens : []
      return first === undefined ? IDLE : { _tag: 'Revoking', pair: first.pair }
    }

    const isIssued = (pair: number): boolean => state.families[familyOf(state, pair)]?.isIssued === true

    /** A decision is final: nothing was to be written, or it is. */
    const conclude = (at: State, i: number, told: Told, decision: Decision): readonly [State, number] => {
      const { serve, action } = decision
      if (told._tag === 'Redeemed') judge(judgeDropped(at, told, action))
      if (told._tag === 'RevokeAsked' && !hasLost) judge(judgeRevoked(at, told))
      const isServed = isOfToken(told) && O.isSome(serve)
      if (isServed && !does.serveFirst) judge(judgeServed(at, serve.value.pair))
      // A grant that came too late is to end, as one that is revoked.
      const isGrant = action._tag === 'DiscardAndRevoke' && !isIssued(action.token.pair)
      const owing = isGrant ? Server.owe(at, action.token.pair) : at
      return [withStage(owing, i, stageAfter(at, i, told, decision)), isServed || action._tag === 'Fail' ? SETTLES : 0]
    }

    /** The process runs `step` on what is there. */
    const tell = (
      at: State,
      i: number,
      told: Told,
      age = 0,
    ): { readonly next: State; readonly settles: number; readonly decision: Decision } => {
      if (missed(at, i) !== undefined) {
        const waiting: Stage = { _tag: 'Writing', told, age, isOvertaken: true, next: undefined }
        return { next: withStage(at, i, waiting), settles: 0, decision: { serve: O.none, action: { _tag: 'None' } } }
      }
      const [decision, cell] = step(toEvent(at, told, 0))(at.cell)
      if (told._tag === 'Requested') judge(judgeRead(at, decision))
      const served = told._tag === 'Requested' && O.isSome(decision.serve) ? SETTLES : 0
      if (cell === at.cell) {
        const [next, settles] = conclude(knowing(at, i), i, told, decision)
        return { next, settles: served | settles, decision }
      }
      const writing = withStage(knowing(at, i), i, {
        _tag: 'Writing',
        told,
        age,
        isOvertaken: false,
        next: does.overwrite ? cell : undefined,
      })
      if (does.serveFirst && isOfToken(told) && O.isSome(decision.serve)) {
        judge(judgeServed(at, decision.serve.value.pair))
        return { next: Server.use(writing, told.pair, mode), settles: SETTLES, decision }
      }
      return { next: writing, settles: served, decision }
    }

    const overtake = (process: Process, cell: Cell): Process => {
      const { stage } = process
      if (stage._tag !== 'Writing' && stage._tag !== 'Applied') return process
      const { told, age } = stage
      // A request whose lease is not there begins anew.
      if (told._tag === 'Requested' && !does.overwrite && !does.sendUnacknowledged && ownerOf(cell) !== told.nonce)
        return { ...process, stage: IDLE }
      const next = stage._tag === 'Writing' ? stage.next : undefined
      return { ...process, stage: { _tag: 'Writing', told, age, isOvertaken: true, next } }
    }

    /** A write takes effect in the store. */
    const write = (at: State, i: number, told: Told, cell: Cell): State => {
      judge(judgeWrite(at, cell, told, mode, hasLost))
      judge(judgeVerdict(at, cell, mode))
      const written: State = {
        ...at,
        cell,
        version: at.version + 1,
        history: at.canRollBack ? [...at.history, { version: at.version, cell: at.cell }].slice(-LOSSES) : [],
        processes: at.processes.map((process, j) => (j === i ? process : overtake(process, cell))),
      }
      // What the server has rejected it has ended itself.
      const isDropped =
        told._tag === 'RevokeAsked' || (told._tag === 'LoggedIn' && at.cell.status._tag !== 'LogInAgain')
      return isDropped && pairOf(cell) !== pairOf(at.cell) ? Server.owe(written, pairOf(at.cell)) : written
    }

    /** The store does not take it. */
    const giveUp = (at: State, i: number, told: Told, age: number): State => {
      const process = at.processes[i]
      if (process === undefined) return at
      if (isOfToken(told) && !does.forgetPending)
        return withProcess(at, i, { ...process, stage: IDLE, pending: { told, age } })
      return withStage(at, i, IDLE)
    }

    const failed = (
      { parent, nonce, pair }: { readonly parent: Lifecycle.Parent; readonly nonce: string; readonly pair: number },
      failure: 'NotSent' | 'Throttled' | 'Unknown' | 'InvalidGrant',
    ): Told => ({ _tag: 'Failed', parent, nonce, failure, pair: failure === 'InvalidGrant' ? pair : -1 })
    /** A self-sufficient strategy may simply be run again. */
    const UNKNOWN = selfSufficient || does.resend ? 'NotSent' : 'Unknown'

    /** The server gets a request. */
    const arrive = (
      at: State,
      exchange: Exchange,
      isHeard: boolean,
      set: (next: State, to: Exchange) => State,
    ): State => {
      const { pair, recovery } = exchange
      if (selfSufficient) {
        const [next, brought] = Server.begin(at, true)
        return set(next, { ...exchange, leg: 'token', pair: brought })
      }
      const [next, brought] = Server.redeem(at, pair, mode)
      judge(judgeRedemption(at, pair, recovery, brought >= 0))
      const answered = set(
        next,
        brought >= 0 ? { ...exchange, leg: 'token', pair: brought } : { ...exchange, leg: 'invalid_grant' },
      )
      return !isHeard && brought >= 0 ? Server.lose(answered, brought) : answered
    }

    const onWay = (at: State, j: number): ReadonlyArray<Exchange> => {
      const process = at.processes[j]
      if (process === undefined) return []
      const { stage, late } = process
      const all = stage._tag === 'Awaiting' ? [stage.exchange, late] : [late]
      return all.flatMap((exchange) => (exchange?.leg === 'request' ? [exchange] : []))
    }

    const crash = (at: State, i: number, process: Process): State => {
      const { stage, pending, late } = process
      // Who begins in its place does not know what the store has lost.
      let next = missed(at, i) === undefined ? at : Server.forget(at, pairOf(at.cell))
      const loses = (pair: number): void => {
        next = Server.lose(next, pair)
      }
      if (stage._tag === 'Awaiting' && stage.exchange.leg === 'token') loses(stage.exchange.pair)
      if (late?.leg === 'token') loses(late.pair)
      if (pending !== undefined && isOfToken(pending.told)) loses(pending.told.pair)
      if (stage._tag === 'Writing' && isOfToken(stage.told)) loses(stage.told.pair)
      const ghost =
        stage._tag === 'Awaiting' && stage.exchange.leg === 'request'
          ? stage.exchange
          : late?.leg === 'request'
            ? late
            : undefined
      return withProcess(next, i, ghost === undefined ? idle : { ...idle, late: ghost, isGhost: true })
    }

    const idling = (i: number, process: Process): void => {
      const { pending, late, isGhost } = process
      const { cell } = state
      const nonce = `n${state.drawn}`
      const drawn: State = { ...state, drawn: state.drawn + 1 }
      if (pending !== undefined) {
        const { next, settles, decision } = tell(
          withProcess(state, i, { ...process, pending: undefined }),
          i,
          pending.told,
          pending.age,
        )
        emit(i, 'commits what is pending', GOES_ON | settles, next, decision)
      }
      if (pending === undefined && late !== undefined && !isGhost && late.leg !== 'request') {
        const without = withProcess(state, i, { ...process, late: undefined })
        if (late.leg === 'token') {
          const told: Told = { _tag: 'Redeemed', parent: late.parent, pair: late.pair }
          const { next, settles, decision } = tell(without, i, told, late.age)
          emit(i, 'gets a late token', DELIVERS | settles, next, decision)
        } else if (does.dropLateRefusal) emit(i, 'drops a late invalid_grant', DELIVERS, without)
        else {
          const { next, settles, decision } = tell(without, i, failed(late, 'InvalidGrant'))
          emit(i, 'gets a late invalid_grant', DELIVERS | settles, next, decision)
        }
      }
      const isBusy = pending !== undefined || late !== undefined
      if (pending === undefined) {
        const { next, settles, decision } = tell(drawn, i, { _tag: 'Requested', nonce })
        // A second flight beside the one whose answer is late needs a place for its own late answer.
        const isBegun = decision.action._tag === 'Redeem'
        if (!(isBusy && isBegun) || (config.overlap && isGhost)) emit(i, 'asks', ASKS | settles, next, decision)
        else broken = undefined
      }
      if (isBusy && !config.overlap) return
      const isUnderWay = state.processes.some(({ stage }) => stage._tag === 'Revoking')
      if (O.isSome(cell.owed) && !isUnderWay) {
        const { next, settles, decision } = tell(state, i, { _tag: 'RevocationRetried' })
        emit(i, 'meets what is owed', ONCE | settles, next, decision)
      }
      // Bounded: where nobody pays, no more debts are made.
      const owed = owedOf(cell).length
      const mayOwe = owed === 0 || (owed === 1 && O.isNone(cell.token))
      if (can.login && mayOwe && pending === undefined)
        emit(
          i,
          'starts a login',
          ONCE,
          withStage(drawn, i, { _tag: 'LoggingIn', from: Lifecycle.placeOf(cell), nonce }),
        )
      if (can.revoke && mayOwe) {
        const pair = pairOf(cell)
        const told: Told = { _tag: 'RevokeAsked', from: Lifecycle.placeOf(cell), nonce }
        if (does.revokeFirst && pair >= 0) {
          judge(judgeRevocation(state, pair, mode))
          const { next, settles, decision } = tell(Server.revoke(drawn, pair, mode), i, told)
          emit(i, 'revokes', ONCE | settles, next, decision)
        } else {
          const { next, settles, decision } = tell(drawn, i, told)
          emit(i, 'revokes', ONCE | settles, next, decision)
        }
      }
      if (can.refuse && O.isSome(cell.token) && !cell.refused) {
        const { next, settles, decision } = tell(state, i, { _tag: 'Refused', pair: cell.token.value.pair })
        emit(i, 'refuses', ONCE | settles, next, decision)
      }
    }

    const writing = (i: number, stage: Extract<Stage, { readonly _tag: 'Writing' }>): void => {
      const { told, age, isOvertaken } = stage
      if (isOvertaken && stage.next !== undefined) {
        const [decision] = step(toEvent(state, told, age))(state.cell)
        const [next, settles] = conclude(write(state, i, told, stage.next), i, told, decision)
        emit(i, 'overwrites', GOES_ON | settles, next, decision)
        return
      }
      if (isOvertaken && told._tag === 'Requested') {
        if (does.sendUnacknowledged) {
          const [decision] = step(toEvent(state, told, age))(state.cell)
          if (decision.action._tag === 'Redeem') {
            const [next] = conclude(state, i, told, decision)
            emit(i, 'goes on without its lease', GOES_ON, next, decision)
          }
        }
        const { next, settles, decision } = tell(state, i, told)
        emit(i, 'finds another version', GOES_ON | settles, next, decision)
        return
      }
      const [decision, cell] = step(toEvent(state, told, told._tag === 'Requested' ? age : 0))(state.cell)
      if (cell === state.cell) {
        const [next, settles] = conclude(knowing(state, i), i, told, decision)
        emit(i, 'finds another version', GOES_ON | settles, next, decision)
        return
      }
      const written = write(state, i, told, cell)
      const [next, settles] = conclude(knowing(written, i), i, told, decision)
      emit(i, 'writes', GOES_ON | settles, next, decision)
      if (can.loseStoreAnswer) {
        write(state, i, told, cell)
        emit(i, 'writes, answer lost', ONCE, withStage(written, i, { _tag: 'Applied', told, age, decision }), decision)
      }
      if (can.failWrite) {
        emit(i, 'cannot write', ONCE, giveUp(state, i, told, age))
        if (does.sendUnacknowledged && told._tag === 'Requested') {
          emit(i, 'cannot write, and goes on', ONCE, conclude(state, i, told, decision)[0], decision)
        }
      }
    }

    const leased = (i: number, stage: Extract<Stage, { readonly _tag: 'Leased' }>): void => {
      const { parent, nonce, recovery, age, pair } = stage
      if (age < MARGIN || does.sendOld) {
        const others = state.processes.flatMap((_, j) => onWay(state, j))
        if (!selfSufficient && others.some((of) => of.pair === pair) && state.pairs[pair]?.isUnleased !== true)
          judge(twoAtOnce(pair))
        const exchange: Exchange = { parent, nonce, recovery, age, leg: 'request', pair }
        emit(i, 'sends', GOES_ON, withStage(state, i, { _tag: 'Awaiting', exchange }))
      }
      if (age >= MARGIN && !does.sendOld) {
        const { next, settles, decision } = tell(state, i, failed(stage, 'NotSent'))
        emit(i, 'is too late to send', GOES_ON | ONCE | settles, next, decision)
      }
      if (can.notSend && age < MARGIN) {
        const { next, settles, decision } = tell(state, i, failed(stage, 'NotSent'))
        emit(i, 'cannot connect', ONCE | settles, next, decision)
      }
      if (can.close && age < MARGIN) {
        const { next, settles, decision } = tell(state, i, failed(stage, 'NotSent'))
        emit(i, 'is closed before it sends', ONCE | settles, next, decision)
      }
    }

    const awaiting = (i: number, process: Process, exchange: Exchange): void => {
      const { parent, leg, pair, age } = exchange
      const set = (at: State, to: Exchange): State => withStage(at, i, { _tag: 'Awaiting', exchange: to })
      const unknown = (at: State, event: string, kind: number): void => {
        const { next, settles, decision } = tell(at, i, failed(exchange, UNKNOWN))
        emit(i, event, kind | settles, next, decision)
      }
      switch (leg) {
        case 'request':
          emit(i, 'is answered by the server', DELIVERS, arrive(state, exchange, true, set))
          if (
            selfSufficient &&
            O.isSome(state.cell.token) &&
            isIssued(state.cell.token.value.pair) &&
            parent.epoch === state.cell.epoch
          ) {
            const same = state.cell.token.value.pair
            emit(i, 'is given the same token again', ONCE, set(state, { ...exchange, leg: 'token', pair: same }))
          }
          if (can.throttle) emit(i, 'is throttled', ONCE, set(state, { ...exchange, leg: '429' }))
          break
        case 'token': {
          const told: Told = { _tag: 'Redeemed', parent, pair }
          const { next, settles, decision } = tell(state, i, told, age)
          emit(i, 'gets a token', DELIVERS | settles, next, decision)
          break
        }
        case 'invalid_grant':
        case '429': {
          const told = failed(exchange, leg === '429' ? 'Throttled' : 'InvalidGrant')
          const { next, settles, decision } = tell(state, i, told)
          emit(i, `gets ${leg}`, DELIVERS | settles, next, decision)
        }
      }
      // How patient it is, is left open.
      if (process.late === undefined && leg !== '429')
        unknown(withProcess(state, i, { ...process, late: exchange }), 'gives up', GOES_ON)
    }

    const tick = (): void => {
      const isBound = state.processes.some((_, j) => onWay(state, j).some(({ age }) => age >= HOLD - 1))
      if (isBound && !does.stall) return
      let next = Server.age(state, mode)
      const overdue = (pair: number, age: number): number => {
        if (age === HOLD - 1) next = Server.overdue(next, pair)
        return Math.min(age + 1, HOLD)
      }
      const older = (exchange: Exchange): Exchange => ({
        ...exchange,
        age: exchange.leg === 'token' ? overdue(exchange.pair, exchange.age) : Math.min(exchange.age + 1, HOLD),
      })
      const processes = state.processes.map((process): Process => {
        const { stage, pending, late } = process
        return {
          ...process,
          pending:
            pending === undefined || !isOfToken(pending.told)
              ? pending
              : { ...pending, age: overdue(pending.told.pair, pending.age) },
          late: late === undefined ? late : older(late),
          stage:
            stage._tag === 'Awaiting'
              ? { ...stage, exchange: older(stage.exchange) }
              : stage._tag === 'Leased'
                ? { ...stage, age: Math.min(stage.age + 1, MARGIN) }
                : stage._tag === 'Writing' && isOfToken(stage.told)
                  ? { ...stage, age: overdue(stage.told.pair, stage.age) }
                  : stage._tag === 'Writing' || stage._tag === 'Applied'
                    ? { ...stage, age: Math.min(stage.age + 1, HOLD) }
                    : stage,
        }
      })
      emit(-1, 'a tick', PASSES, {
        ...next,
        now: state.now + 1,
        processes,
        cell: later(state.cell),
        history: state.history.map(({ version, cell }) => ({ version, cell: later(cell) })),
        lost: state.lost.map(({ version, cell }) => ({ version, cell: later(cell) })),
      })
    }

    for (let i = 0; i < state.processes.length; i++) {
      const process = state.processes[i]
      if (process === undefined) continue
      const { stage, late, isGhost } = process
      const lost = missed(state, i)
      if (lost !== undefined && (stage._tag === 'Idle' || stage._tag === 'Writing')) {
        restore(i, lost)
        if (can.crash) emit(i, 'crashes', ONCE, crash(state, i, process))
        continue
      }
      switch (stage._tag) {
        case 'Idle':
          idling(i, process)
          break
        case 'Writing':
          writing(i, stage)
          break
        case 'Applied': {
          const { told, decision, age } = stage
          const [next, settles] = conclude(knowing(state, i), i, told, decision)
          emit(i, 'sends its write again', GOES_ON | settles, next, decision)
          emit(i, 'gives its write up', FREE, giveUp(state, i, told, age))
          break
        }
        case 'Leased':
          leased(i, stage)
          break
        case 'Awaiting':
          awaiting(i, process, stage.exchange)
          break
        case 'LoggingIn': {
          const [at, pair] = Server.begin(state, false)
          const { from, nonce } = stage
          const { next, settles, decision } = tell(at, i, { _tag: 'LoggedIn', from, nonce, pair })
          emit(i, 'has logged in', GOES_ON | settles, next, decision)
          break
        }
        case 'Revoking': {
          const { pair } = stage
          // What the store has lost may have ended it.
          if (!hasLost) judge(judgeRevocation(state, pair, mode))
          const told: Told = { _tag: 'RevocationConfirmed', pair }
          const { next, settles, decision } = tell(Server.revoke(state, pair, mode), i, told)
          emit(i, 'revokes at the server', DELIVERS | settles, next, decision)
          if (can.loseRequest) {
            const lost = does.confirmLost ? tell(state, i, told).next : withStage(state, i, IDLE)
            emit(i, 'loses its revocation', ONCE, lost)
          }
        }
      }
      if (late?.leg === 'request') {
        const set = (at: State, to: Exchange): State =>
          withProcess(at, i, { ...process, late: isGhost ? undefined : to, isGhost: false })
        const event = isGhost ? 'is dead when the server answers' : 'is answered by the server, late'
        emit(i, event, DELIVERS, arrive(state, late, !isGhost, set))
      }
      if (late !== undefined && (late.leg === 'request' ? can.loseRequest : can.loseAnswer)) {
        const without = withProcess(state, i, { ...process, late: undefined, isGhost: false })
        const next = late.leg === 'token' ? Server.lose(without, late.pair) : without
        emit(i, late.leg === 'request' ? 'loses its request' : 'loses its answer', ONCE, next)
      }
      if (can.crash && (stage._tag !== 'Idle' || process.pending !== undefined || (late !== undefined && !isGhost)))
        emit(i, 'crashes', ONCE, crash(state, i, process))
    }
    tick()
    for (const to of state.history.keys()) {
      const rolled = rolledBack(state, to)
      const processes = rolled.processes.map((process) => overtake(process, rolled.cell))
      emit(-1, 'the store loses its last writes', ONCE, { ...rolled, processes })
    }
    const { token } = state.cell
    if (O.isNone(token)) return
    const aged = (phase: Phase): State => ({
      ...state,
      cell: { ...state.cell, token: O.some({ ...token.value, end: endOf(phase, state.now) }) },
    })
    const phase = phaseOf(token.value, state.now)
    const isServable = !state.cell.refused && state.cell.status._tag !== 'Revoked'
    if (can.expire && isServable && phase !== EXPIRED) {
      emit(-1, phase === FRESH ? 'the token is due' : 'the token expires', ONCE, aged(phase === FRESH ? DUE : EXPIRED))
    }
    const { pair } = token.value
    const parent = state.pairs[state.pairs[pair]?.parent ?? -1]
    if (mode === 'grace until used' && parent?.status === REPEATABLE)
      emit(-1, 'the token is used', FREE, Server.use(state, pair, mode))
  }

  const start = (phase: Phase | undefined): State => {
    const none: State = {
      now: 0,
      drawn: 0,
      cell: Lifecycle.empty,
      version: 0,
      history: [],
      lost: [],
      canRollBack: config.lossy,
      processes: Array.from({ length: config.processes }, () => idle),
      pairs: [],
      families: [],
    }
    if (phase === undefined) return none
    const [state, pair] = Server.begin(none, false)
    return {
      ...state,
      cell: { ...Lifecycle.empty, epoch: 1, generation: 1, token: O.some(tokenOf(state, pair, phase)) },
    }
  }

  return { config, starts: [start(undefined), start(DUE), start(EXPIRED)], transitions }
}
