// What of the API's messages the page reads (shared/api*.hpp), for the type checker alone.
export interface HostRule { host: string; ports?: number[]; methods?: string[]; paths?: string[]; from?: string }
export interface Publish { address?: string; host: number; port: number }
export interface SecretUse { name: string; as?: string; variable?: string }
export interface NetScope {
    hosts: HostRule[]; asks: boolean; inspected: boolean; ports: Publish[]; host_ports: number[]; secrets: SecretUse[]; brokers: string[];
}
export interface FrozenFile { path: string; digest: string; role: string; held: boolean }
export interface Frozen {
    version: number; verb: string; principal: string; uid: number; argv?: string[]; script?: string; language?: string; code?: string; args?: string[];
    cwd: string; workspace: string; workspace_writable: boolean; environment: Record<string, string>; profile: string; profile_digest: string;
    net: string; limits: Record<string, string>; files: FrozenFile[]; policy: string; stdin_digest: string; tty: boolean; joined?: string; scope?: NetScope;
}
export interface Verdict {
    decision: string; reason: string; rule: string; severity?: string; segment?: string; segment_begin?: number; segment_end?: number;
    opaque?: { begin: number; end: number; reason: string }[]; change?: string; policy?: string;
}
export interface Decision { by: string; decision: string; at: string; reason?: string; proof: string; counts: boolean; device_name?: string }
export interface GrantOffer { once_only: boolean; refused?: string; template?: string[]; binds: FrozenFile[] }
export interface Approval {
    id: string; kind: string; state: string; run: string; joined: string[]; principal: string; parent?: string; uid: number; created: string;
    expires: string; decided?: string; ended?: string; severity: string; digest: string; frozen?: Frozen; environment: Record<string, string>;
    command: string[]; cwd: string; verdict: Verdict; description?: string; quorum: number; decisions: Decision[]; offer?: GrantOffer; grant?: string;
    waits: boolean; claimable: boolean; throttled: boolean; ended_because?: string; may_decide?: boolean; why_not?: string; notes?: string[];
}
export interface GrantRequest { times?: number; for_ms?: number; like?: string[]; trust_workspace?: boolean }
export interface Grant {
    id: string; principal: string; workspace: string; profile: string; state: string; command: string[]; template?: string[]; script?: string;
    times?: number; used: number; expires?: string; created: string; by: string; cwd: string;
}
export interface Run {
    id: string; state: string; exit_code?: number; signal?: string; limit?: string; code?: string; error?: string; principal: string; created: string;
    started?: string; ended?: string; command: string[]; cwd: string; workspace: string; profile: string; net: string; approval?: string; grant?: string;
    stdout_length: number; stderr_length: number; verdict?: Verdict; parent?: string;
}
export interface AuditEvent {
    time: string; event: string; principal: string; verb?: string; outcome?: string; run?: string; data?: Record<string, unknown>;
}
export interface AuditEntry {
    seq: number; hash: string; event: AuditEvent | null; proof?: { size: number; checkpoint: string };
    dropped?: { time: string; event: string; principal: string; verb: string; outcome: string; run?: string; dropped_at: string };
}
export interface AuditList { events: AuditEntry[]; next?: number; complete: boolean; searched_until?: string }
export interface Freeze { principal: string; since: string; by: string; reason?: string; runs: number; weaker: string[] }
export interface Whoami {
    principal: string; why: string; roles: string[]; permissions: string[]; peer: string; expires?: string; must_change_password: boolean; daemon: string;
}
export interface Session { id: string; principal: string; created: string; expires: string; last_used?: string; peer: string; current: boolean; revoked?: string }
export interface DeviceRow {
    id: string; principal: string; name: string; can: string[]; now: string[]; words: string; created: string; expires: string; last_seen?: string; last_peer?: string;
}
export interface Pairing {
    id: string; principal: string; name: string; can: string[]; state: string; created: string; expires: string; for_ms: number; tries: number; wrong: number;
    device?: string; device_name?: string; words?: string; at?: string; via?: string; uid?: number; gone?: boolean; replaces?: string;
    replaces_name?: string;
}
export interface User { name: string; roles: string[]; disabled?: boolean; created?: string; [more: string]: unknown }
export interface Secret {
    name: string; owner: string; version: number; variable: string; header: string; prefix: string; hosts: { host: string; port: number }[];
    length: number; updated: string; expires?: string; last_used?: string; uses: number;
}
export interface ModeRow { name: string; what: string; local: string; strict: string; now: string }
export interface JoinState { state: string; device: string; words: string; principal: string; can: string[]; expires: string }
