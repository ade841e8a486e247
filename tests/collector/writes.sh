#!/bin/sh
# Prints the lines of scripts that would change a cluster or a node, those between the
# marks of --node-debug left out; exit 1 if there is one.
awk '
    FNR == 1 { inside = 0 }
    /^# >>> node-debug/ { inside = 1 }
    /^# <<< node-debug/ { inside = 0; next }
    inside || /^ *#/ { next }
    /node-debug|debug_image|shown kubectl debug/ { next }
    /(^|[^a-z-])(kubectl|take|kubectl_to)( +[^ ]+)* +(apply|create|delete|patch|edit|replace|label|annotate|scale|drain|cordon|uncordon|taint|exec|attach|cp|run|debug|expose|set|rollout|port-forward|proxy|auth reconcile)( |$)/ { print FILENAME ": " $0; found = 1 }
    /(^|[^a-z-])(systemctl +(start|stop|restart|enable|disable|daemon-reload|reset-failed)|iptables +-|nft +(add|delete|flush|insert)|ipvsadm +-[ADECa-d]|ip +(route|addr|link|rule) +(add|del|set|flush|replace)|conntrack +-[DFUI]|crictl +(rm|rmi|rmp|stop|stopp|exec|run|pull)|sysctl +-w|mount +-o|umount|reboot|shutdown|kill -9)/ { print FILENAME ": " $0; found = 1 }
    END { exit found }
' "$@"
