"""Topics: messages that anybody may publish and every reader reads at its own pace."""
