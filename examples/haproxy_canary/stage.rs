//! A real HAProxy before two versions of a service, and a real Prometheus that scrapes what clients saw.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use phasegate::core::Arm;
use phasegate_examples::exporter::Exporter;
use phasegate_examples::haproxy::weights;
use phasegate_examples::load::{Load, LoadConfig, Observer};
use phasegate_examples::service::{Service, Version};
use phasegate_testkit::servers::{Folder, Process, find, free_port};

/// Everything outside. What is started ends when this is dropped.
pub struct Stage {
    pub canary: Service,
    _stable: Service,
    pub load: Load,
    _exporter: Arc<Exporter>,
    pub prometheus: SocketAddr,
    _servers: [Process; 2],
    pub folder: Folder,
}

/// What is not installed, of what is needed.
pub fn missing() -> Option<&'static str> {
    let needed = ["haproxy", "prometheus"];
    needed.into_iter().find(|program| find(program).is_none())
}

impl Stage {
    /// Starts all of it, and the load.
    pub async fn set() -> io::Result<Self> {
        let stable = Service::start(Version::stable()).await?;
        let canary = Service::start(Version::canary()).await?;
        let thresholds = [100, 250].map(Duration::from_millis);
        let exporter = Arc::new(Exporter::start(&thresholds).await?);
        let folder = Folder::new()?;
        let (front, haproxy) = haproxy(&folder, stable.address(), canary.address())?;
        let (prometheus, scraper) = prometheus(&folder, exporter.address())?;

        let mut load = LoadConfig::new(front);
        load.per_second = 400;
        let told = Arc::clone(&exporter);
        load.observer = Some(Observer(Arc::new(move |answer, latency| {
            let arm = match answer.arm.as_deref() {
                Some("canary") => Arm::Canary,
                _ => Arm::Stable,
            };
            told.record(arm, latency, answer.ok);
        })));
        Ok(Self {
            canary,
            _stable: stable,
            load: Load::start(load),
            _exporter: exporter,
            prometheus,
            _servers: [haproxy, scraper],
            folder,
        })
    }

    /// The weights that HAProxy has, by server, asked by another way than the rollout's.
    pub fn weights(&self) -> io::Result<BTreeMap<String, u32>> {
        let mut all = weights(&self.folder.path().join("admin.sock"))?;
        Ok(all.remove("be_greeter").unwrap_or_default())
    }
}

/// Where it is installed, on the path or beside it.
fn program(name: &str) -> Command {
    Command::new(find(name).unwrap_or_else(|| name.into()))
}

/// The header says which server answered, or was asked and did not.
fn haproxy(
    folder: &Folder,
    stable: SocketAddr,
    canary: SocketAddr,
) -> io::Result<(SocketAddr, Process)> {
    let port = free_port()?;
    let socket = folder.path().join("admin.sock");
    let config = format!(
        "global\n  stats socket {} mode 600 level admin\n\
         defaults\n  mode http\n  timeout connect 500ms\n  timeout client 20s\n  timeout server 1s\n\
         frontend front\n  bind 127.0.0.1:{port}\n  default_backend be_greeter\n\
         backend be_greeter\n  balance roundrobin\n  http-after-response set-header x-phasegate-arm %s\n  \
           server stable {stable} weight 100\n  server canary {canary} weight 0\n",
        socket.display()
    );
    let config = folder.write("haproxy.cfg", &config)?;
    let mut command = program("haproxy");
    command.arg("-db").arg("-f").arg(config);
    let front = SocketAddr::from(([127, 0, 0, 1], port));
    let ready = || TcpStream::connect(front).is_ok() && UnixStream::connect(&socket).is_ok();
    Ok((front, Process::start(command, ready)?))
}

fn prometheus(folder: &Folder, exporter: SocketAddr) -> io::Result<(SocketAddr, Process)> {
    let server = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let config = format!(
        "global: {{scrape_interval: 500ms, scrape_timeout: 500ms}}\n\
         scrape_configs:\n- job_name: greeter\n  static_configs: [{{targets: ['{exporter}']}}]\n"
    );
    let config = folder.write("prometheus.yml", &config)?;
    let mut command = program("prometheus");
    let data = folder.path().join("data");
    command.args([
        format!("--config.file={}", config.display()),
        format!("--storage.tsdb.path={}", data.display()),
        format!("--web.listen-address={server}"),
        "--log.level=warn".to_owned(),
    ]);
    Ok((server, Process::start(command, || is_ready(server))?))
}

/// Has it read what it had on disk?
fn is_ready(server: SocketAddr) -> bool {
    use std::io::{Read as _, Write as _};
    let Ok(mut stream) = TcpStream::connect(server) else {
        return false;
    };
    let mut text = String::new();
    let asked = stream.write_all(b"GET /-/ready HTTP/1.0\r\n\r\n");
    asked.is_ok() && stream.read_to_string(&mut text).is_ok() && text.starts_with("HTTP/1.0 200")
}
