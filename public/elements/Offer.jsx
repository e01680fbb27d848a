// One button that goes on where a question cannot go on by itself. Chainlit's own action buttons are disabled while
// something runs, which is just when this one is needed.
import { LoaderCircle, RotateCw } from 'lucide-react';
import { useState } from 'react';
import { toast } from 'sonner';

export default function Offer() {
  const [busy, setBusy] = useState(false);
  const accept = async () => {
    setBusy(true);
    try {
      const sent = await callAction({ name: props.action, payload: props.payload });
      if (sent && sent.success === false) throw new Error('refused');
    } catch {
      toast.error(props.refused);
    }
    setBusy(false);
  };
  const Icon = busy ? LoaderCircle : RotateCw;
  return (
    <div className="rt">
      <button type="button" className="rt-offer" disabled={busy} onClick={accept}>
        <Icon aria-hidden="true" className="rt-state-icon" />
        {props.label}
      </button>
    </div>
  );
}
