// The names of the files that came with a message.
import { Paperclip } from 'lucide-react';

const { words } = window.roundtableSays;

function names({ files = [] }) {
  return (
    <div className="rt rt-attached">
      <ul aria-label={words.attached}>
        {files.map((name, index) => (
          <li key={`${index}-${name}`}>
            <Paperclip aria-hidden="true" className="rt-state-icon" />
            <span>{name}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

export default names(props);
