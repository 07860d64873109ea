/**
 * The statechart as the logic of an actor.
 *
 * A step depends on nothing but the state and the type of the event, so XState computes every step
 * once, and all connections share the resulting snapshots. An actor that runs the machine itself
 * computes them for every event (ADR 0019).
 *
 * @module
 */
import {
  type ActorLogic,
  type AnyActorScope,
  initialTransition,
  type SnapshotFrom,
  transition,
} from "xstate";
import {
  type ConnectionEvent,
  connectionMachine,
  type EffectName,
  type LifecycleState,
} from "./machine.ts";

/** The snapshot of a connection's state. */
export type ConnectionSnapshot = SnapshotFrom<typeof connectionMachine>;

/** What is done with the steps of a connection; one object for all connections. */
export interface ConnectionHandlers<Connection> {
  /** Performs effects; each receives the event that caused it. */
  readonly effects: {
    readonly [Name in EffectName]: (connection: Connection, event: ConnectionEvent) => void;
  };
  /** The state changed; called before the effects, and never throws. */
  readonly moved: (connection: Connection, step: Step) => void;
  /** An effect threw; the others of its step are skipped. Never throws. */
  readonly failed: (connection: Connection, error: unknown) => void;
}

/** What an event does in a state. */
export interface Step {
  /** Identifies the step, from 0. */
  readonly id: number;
  /** The event. */
  readonly event: ConnectionEvent["type"];
  /** The state that it meets. */
  readonly from: ConnectionSnapshot;
  /** The state that it leads to; the same snapshot when it changes nothing. */
  readonly to: ConnectionSnapshot;
  /** What is to be done. */
  readonly effects: readonly EffectName[];
}

type Steps = ReadonlyMap<string, Step>;

/** Every connection begins here; there are no effects. */
const [INITIAL] = initialTransition(connectionMachine);

/** Every step that there is, by its id. */
export const STEPS: readonly Step[] = computeSteps();

const STEPS_BY_STATE: ReadonlyMap<LifecycleState, Steps> = new Map(
  [...Map.groupBy(STEPS, ({ from }) => from.value)].map(([state, steps]) => [
    state,
    new Map(steps.map((step) => [step.event, step])),
  ]),
);

/** The statechart with its effects on one connection. */
export class ConnectionLogic<Connection>
  implements ActorLogic<ConnectionSnapshot, ConnectionEvent> {
  readonly #connection: Connection;
  readonly #handlers: ConnectionHandlers<Connection>;

  /** Joins a connection and the handlers that all share. */
  constructor(connection: Connection, handlers: ConnectionHandlers<Connection>) {
    this.#connection = connection;
    this.#handlers = handlers;
  }

  /** {@inheritDoc ActorLogic.getInitialSnapshot} */
  getInitialSnapshot(): ConnectionSnapshot {
    return INITIAL;
  }

  /** {@inheritDoc ActorLogic.transition} */
  transition(
    snapshot: ConnectionSnapshot,
    event: ConnectionEvent,
    scope: AnyActorScope,
  ): ConnectionSnapshot {
    const step = STEPS_BY_STATE.get(snapshot.value)?.get(event.type);
    // The actor system has events of its own, such as the one that stops an actor.
    if (step === undefined) return connectionMachine.transition(snapshot, event, scope);
    // Deferred, so that handlers find the actor in its new state.
    if (step.to !== snapshot || step.effects.length > 0) {
      scope.defer(() => this.#perform(step, event));
    }
    return step.to;
  }

  /** {@inheritDoc ActorLogic.getPersistedSnapshot} */
  getPersistedSnapshot(snapshot: ConnectionSnapshot): ConnectionSnapshot {
    return snapshot;
  }

  #perform(step: Step, event: ConnectionEvent): void {
    const { effects, moved, failed } = this.#handlers;
    if (step.to !== step.from) moved(this.#connection, step);
    try {
      for (const effect of step.effects) effects[effect](this.#connection, event);
    } catch (error) {
      failed(this.#connection, error);
    }
  }
}

function computeSteps(): readonly Step[] {
  const snapshots = new Map<LifecycleState, ConnectionSnapshot>([[INITIAL.value, INITIAL]]);
  const steps: Step[] = [];
  // The map grows while it is walked: the loop ends with the last reachable state.
  for (const from of snapshots.values()) {
    if (from.status !== "active") continue;
    for (const event of connectionMachine.events as ConnectionEvent["type"][]) {
      const [next, actions] = transition(
        connectionMachine,
        from,
        { type: event } as ConnectionEvent,
      );
      if (!snapshots.has(next.value)) snapshots.set(next.value, next);
      const effects = actions.map(({ type }) => type as EffectName);
      const to = snapshots.get(next.value)!;
      steps.push({ id: steps.length, event, from, to, effects });
    }
  }
  return steps;
}
