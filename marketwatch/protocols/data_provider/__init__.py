"""The Data Provider Server: bars on request over Socket.IO (protocol 5) and Engine.IO (protocol 4)."""
